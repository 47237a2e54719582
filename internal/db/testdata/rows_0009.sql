UPDATE release SET head = X'7B7D' WHERE format = 1;
