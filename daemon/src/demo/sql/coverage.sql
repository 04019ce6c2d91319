-- Purpose: how much of everything has features.
SELECT * FROM heimdall.feature_coverage;
