WITH RECURSIVE chain AS (SELECT id, manager_id FROM users WHERE id = $1 UNION ALL SELECT u.id, u.manager_id FROM users AS u JOIN chain ON chain.manager_id = u.id) SELECT * FROM chain
