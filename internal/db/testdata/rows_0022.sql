UPDATE player_entry SET own_word = 1, evidence = 'https://example.org/evidence';
