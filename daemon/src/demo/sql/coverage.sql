-- Purpose: how many recordings and measurements have features.
SELECT * FROM heimdall.feature_coverage;
