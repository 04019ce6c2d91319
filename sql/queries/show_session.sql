-- Purpose: is this connection a server session of its own? Then it has the setting that it started with.
-- Parameters: none
-- Returns: session: 'own'; another text or NULL after a transaction pooler
SELECT current_setting('heimdall.session', true) AS session;
