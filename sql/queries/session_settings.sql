-- Purpose: the settings of the pool's connections, for one transaction. A transaction pooler gives each transaction
--   another server session and does not keep the settings that a connection starts with. The values are the same as in
--   daemon/src/postgres/pool.rs.
-- Parameters: none
-- Returns: nothing
SET TRANSACTION ISOLATION LEVEL READ COMMITTED;
SET LOCAL enable_seqscan = off;
SET LOCAL jit = off;
SET LOCAL lock_timeout = 900;
SET LOCAL statement_timeout = 60000;
SET LOCAL idle_in_transaction_session_timeout = 10000;
