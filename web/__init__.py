"""The pages and the JSON API: thin over plain records, in Chinese and English."""
