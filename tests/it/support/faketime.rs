//! libfaketime, which gives a process a wrong clock.

use std::path::{Path, PathBuf};

/// Environment of a process whose clock is off by `offset`, for example `+1h`.
pub(crate) fn clock(offset: &'static str) -> [(&'static str, String); 3] {
    [
        ("LD_PRELOAD", library().display().to_string()),
        ("FAKETIME", offset.to_owned()),
        // Timers keep the real time. Only the wall clock is wrong.
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
    ]
}

fn library() -> PathBuf {
    if let Some(path) = std::env::var_os("HEIMDALL_FAKETIME_LIBRARY") {
        return path.into();
    }
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/libfaketime");
    let places = [
        "usr/lib/x86_64-linux-gnu",
        "usr/lib/aarch64-linux-gnu",
        "usr/lib64",
        "usr/lib",
    ];
    let files = [Path::new("/"), &unpacked]
        .map(|root| places.map(|place| root.join(place).join("faketime/libfaketimeMT.so.1")));
    let found = files.into_iter().flatten().find(|file| file.is_file());
    found.expect("libfaketime: deploy/test.sh fetches it")
}
