INSERT INTO job (job_id, kind, key, payload, state, wanted_at, due, attempt, broken, lease, reason, ended_at) VALUES
    ('019a0000-0000-7000-8000-0000000000a1', 'invitation', 'i1', '{"invitation":"i1"}', 'waiting', 1767225600000000, 1767225600000000, 0, 0, '', '', 0),
    ('019a0000-0000-7000-8000-0000000000a2', 'sweep board', 'daily', 'null', 'dead', 1767225600000000, 1767225600000000, 5, 5, '', 'internal: Something went wrong.', 1767229200000000);
