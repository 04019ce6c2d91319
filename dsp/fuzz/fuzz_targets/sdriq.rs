#![no_main]

#[expect(dead_code, reason = "the other targets' functions")]
#[path = "../targets.rs"]
mod targets;

libfuzzer_sys::fuzz_target!(|input: &[u8]| targets::sdriq(input));
