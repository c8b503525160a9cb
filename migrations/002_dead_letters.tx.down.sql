DROP TABLE dead_letter_replays, dead_letters;
