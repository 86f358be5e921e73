ALTER TABLE matches ADD COLUMN halt BOOLEAN DEFAULT false NOT NULL CONSTRAINT ck_matches_halt CHECK (halt IN (0, 1));
