INSERT INTO once_answer VALUES ('01938e5c-0000-7000-8000-00000000000a', x'0a', x'0b', 1764500000000000, 201, '{"Content-Type":["application/json"]}', x'7b7d', 1);
