-- What a grown book looks like, told to the planner. Without statistics SQLite reads all
-- lots of a customer for those that are open, because they come in the right order; and
-- statistics gathered while a book is small would mislead it later. The figures are rows
-- of the index, then rows for each value of its first column, of its first two, and so on.
ANALYZE;
DELETE FROM sqlite_stat1;
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
    ('purchases', 'sqlite_autoindex_purchases_1', '1000000 100 1'),
    ('purchases', 'purchases_id', '1000000 1'),
    ('purchases', 'purchases_due', '1000 10'),
    ('lots', 'sqlite_autoindex_lots_1', '1000000 100 1'),
    ('lots', 'lots_id', '1000000 1'),
    ('lots', 'lots_open', '300000 4 1'),
    ('lots', 'lots_expiring', '300000 1'),
    ('lots', 'lots_lapse_due', '300000 300 1 1'),
    ('lots', 'lots_remote_due', '300000 300 1 1'),
    ('lots', 'lots_carrying', '300000 3 3'),
    ('usage_events', 'usage_events', '100000000 10000 1'),
    ('usage_events', 'sqlite_autoindex_usage_events_2', '100000000 10000 5000 1'),
    ('usage_events', 'usage_events_id', '100000000 1'),
    ('usage_events', 'usage_events_void', '100000 10 1'),
    ('draws', 'draws', '100000000 10000 1 1'),
    ('draws', 'draws_lot', '100000000 10000 500 20 1'),
    ('lot_days', 'lot_days', '10000000 1000 60 1'),
    ('lot_days', 'lot_days_pending', '100000 10 2 1'),
    ('recognitions', 'sqlite_autoindex_recognitions_1', '20000000 2000 1'),
    ('recognitions', 'recognitions_id', '20000000 1'),
    ('recognitions', 'recognitions_lot', '20000000 2000 100 1'),
    ('recognitions', 'recognitions_pool', '1000000 500 1'),
    ('recognitions', 'recognitions_batch', '20000000 5000 2500 2000 500'),
    ('pools', 'sqlite_autoindex_pools_1', '10000 1'),
    ('pools', 'sqlite_autoindex_pools_2', '10000 1000 5 1'),
    ('pools', 'pools_unmeasured', '1000 100'),
    ('pool_days', 'pool_days', '1000000 100 1'),
    ('entries', 'entries_date', '1000000 300 1'),
    ('entries', 'entries_batch', '500000 50 40 30 1'),
    ('entries', 'entries_reference', '500000 2'),
    ('lines', 'lines', '3000000 3 1'),
    ('lines', 'lines_account', '3000000 300000 1'),
    ('job_runs', 'sqlite_autoindex_job_runs_1', '100000 1'),
    ('job_runs', 'job_runs_job', '100000 20000 1'),
    ('job_runs', 'job_runs_running', '10 1'),
    ('audit_events', 'sqlite_autoindex_audit_events_1', '1000000 1'),
    ('audit_events', 'audit_events_subject', '1000000 3 1');
ANALYZE sqlite_schema;
