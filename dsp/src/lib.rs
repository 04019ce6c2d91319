//! RF features from IQ recordings.
