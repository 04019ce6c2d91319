-- Purpose: is this a session of its own? Then it has the setting that its connection began with.
-- Parameters: none
-- Returns: session: 'own', or something else or NULL behind a transaction pooler
SELECT current_setting('heimdall.session', true) AS session;
