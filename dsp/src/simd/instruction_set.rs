//! Which vector instructions are used.

use std::str::FromStr;
use std::sync::atomic::{AtomicU8, Ordering};

use pulp::Arch;

/// Sets of vector instructions that the loops are compiled for. Each includes those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum InstructionSet {
    /// What every processor of the architecture has.
    Baseline,
    /// x86-64 with AVX2 and FMA (level v3): registers of eight numbers.
    Avx2,
    /// x86-64 with AVX-512 (level v4): registers of sixteen numbers.
    Avx512,
}

/// The best set that may be used, as a number.
static LIMIT: AtomicU8 = AtomicU8::new(InstructionSet::Avx512 as u8);

/// A text that names no set of instructions.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no set of instructions: known are baseline, avx2, avx512")]
pub struct UnknownInstructionSet;

impl FromStr for InstructionSet {
    type Err = UnknownInstructionSet;

    fn from_str(name: &str) -> Result<Self, UnknownInstructionSet> {
        match name {
            "baseline" => Ok(Self::Baseline),
            "avx2" => Ok(Self::Avx2),
            "avx512" => Ok(Self::Avx512),
            _ => Err(UnknownInstructionSet),
        }
    }
}

impl InstructionSet {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The best set of the machine that is not above the limit.
    #[must_use]
    pub fn in_use() -> Self {
        match arch() {
            #[cfg(target_arch = "x86_64")]
            Arch::V4(_) => Self::Avx512,
            #[cfg(target_arch = "x86_64")]
            Arch::V3(_) => Self::Avx2,
            _ => Self::Baseline,
        }
    }

    /// Limits the whole process to this set, for tests and measurements. A [`crate::Workspace`]
    /// that exists keeps the transforms that it has planned.
    pub fn limit(self) {
        LIMIT.store(self as u8, Ordering::Relaxed);
    }
}

/// The instructions in use.
#[inline(always)]
pub(crate) fn arch() -> Arch {
    #[cfg(target_arch = "x86_64")]
    match LIMIT.load(Ordering::Relaxed) {
        0 => return Arch::Scalar,
        1 => return pulp::x86::V3::try_new().map_or(Arch::Scalar, Arch::V3),
        _ => {}
    }
    Arch::new()
}
