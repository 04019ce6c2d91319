//! Which recordings can be read, what is stored for the others, and does hostile input do harm?

mod compressed;
mod corpus;
mod extraction_metadata;
mod formats;
mod golden;
mod hostile;
mod large_objects;
mod object_reads;
mod real_recordings;
mod recording_errors;
mod sigmf;
mod sizes;
mod training_samples;
mod unchanged_objects;
