//! `heimdalld`. See README.md, or `heimdalld --help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    heimdall_daemon::cli::main()
}
