"""Flask web platform: bilingual HTML pages and the JSON API, a thin layer over plain records of the store."""
