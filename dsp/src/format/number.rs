//! The numbers that samples consist of: their size, scale and decoding.

use rustfft::num_complex::Complex32;

/// The type of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    F32,
    F64,
    I8,
    I16,
    /// 16 bits of which 12 are in use.
    Q11,
    I24,
    I32,
    U8,
    U16,
    U32,
}

/// The order of the bytes of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

/// Where decoded numbers go.
pub(super) enum Components<'a> {
    /// Two numbers to a sample.
    Complex(&'a mut Vec<Complex32>),
    /// One number to a sample.
    Real(&'a mut Vec<f32>),
}

/// Bytes, scale, step, largest component of an integer. In single precision the largest 32-bit
/// codes are rounded to 1.
type Properties = (usize, &'static str, f32, f32);

impl Number {
    const fn properties(self) -> Properties {
        match self {
            Self::F32 => (4, "x", 0.0, 0.0),
            Self::F64 => (8, "x", 0.0, 0.0),
            Self::I8 => (1, "x / 128", 1.0 / 128.0, 127.0 / 128.0),
            Self::I16 => (2, "x / 32768", 1.0 / 32_768.0, 32_767.0 / 32_768.0),
            Self::Q11 => (2, "x / 2048", 1.0 / 2048.0, 2047.0 / 2048.0),
            Self::I24 => (3, "x / 8388608", 1.0 / 8_388_608.0, 8_388_607.0 / 8_388_608.0),
            Self::I32 => (4, "x / 2147483648", 1.0 / 2_147_483_648.0, 1.0),
            Self::U8 => (1, "(x - 127.5) / 127.5", 1.0 / 127.5, 1.0),
            Self::U16 => (2, "(x - 32768) / 32768", 1.0 / 32_768.0, 32_767.0 / 32_768.0),
            Self::U32 => (4, "(x - 2147483648) / 2147483648", 1.0 / 2_147_483_648.0, 1.0),
        }
    }

    pub(super) const fn bytes(self) -> usize {
        self.properties().0
    }

    pub(super) const fn scale(self) -> &'static str {
        self.properties().1
    }

    pub(super) const fn step(self) -> f32 {
        self.properties().2
    }

    /// The smallest and the largest component. `None` for floats.
    pub(super) const fn ends(self) -> Option<(f32, f32)> {
        match self.properties() {
            (_, _, 0.0, _) => None,
            (_, _, _, largest) => Some((-1.0, largest)),
        }
    }

    /// For integers of up to 16 bits: code number = (component - second) x first.
    pub(super) const fn codes(self) -> Option<(f32, f32)> {
        match self {
            Self::F32 | Self::F64 | Self::I24 | Self::I32 | Self::U32 => None,
            Self::I16 | Self::U16 => Some((32_768.0, -1.0)),
            Self::Q11 => Some((2048.0, -1.0)),
            Self::I8 => Some((128.0, -1.0)),
            Self::U8 => Some((127.5, -1.0)),
        }
    }

    /// Appends the numbers in `bytes` to `out`. Bytes after the last whole sample are ignored.
    pub(super) fn decode(self, order: ByteOrder, bytes: &[u8], out: Components<'_>) {
        match self {
            Self::F32 => extend(order, bytes, out, f32::from_le_bytes),
            Self::F64 => extend(order, bytes, out, narrow),
            Self::I8 => extend(order, bytes, out, |[b]: [u8; 1]| f32::from(b.cast_signed()) / 128.0),
            Self::I16 => extend(order, bytes, out, |b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
            Self::Q11 => extend(order, bytes, out, |b| f32::from(i16::from_le_bytes(b)) / 2048.0),
            // In the upper three bytes, so that the sign is in its place.
            Self::I24 => extend(order, bytes, out, |[low, middle, high]: [u8; 3]| {
                integer(i32::from_le_bytes([0, low, middle, high]))
            }),
            Self::I32 => extend(order, bytes, out, |b| integer(i32::from_le_bytes(b))),
            Self::U8 => extend(order, bytes, out, |[b]: [u8; 1]| (f32::from(b) - 127.5) / 127.5),
            Self::U16 => extend(order, bytes, out, |b| {
                (f32::from(u16::from_le_bytes(b)) - 32_768.0) / 32_768.0
            }),
            // The upper bit inverted is the signed number.
            Self::U32 => extend(order, bytes, out, |b| {
                integer((u32::from_le_bytes(b) ^ 0x8000_0000).cast_signed())
            }),
        }
    }
}

/// Appends numbers of `WIDTH` bytes. `number` reads a little-endian one.
fn extend<const WIDTH: usize>(
    order: ByteOrder,
    bytes: &[u8],
    out: Components<'_>,
    number: impl Fn([u8; WIDTH]) -> f32,
) {
    match order {
        ByteOrder::Little => append(bytes, out, number),
        ByteOrder::Big => append(bytes, out, |mut bytes: [u8; WIDTH]| {
            bytes.reverse();
            number(bytes)
        }),
    }
}

fn append<const WIDTH: usize>(bytes: &[u8], out: Components<'_>, number: impl Fn([u8; WIDTH]) -> f32) {
    let numbers = bytes.as_chunks::<WIDTH>().0;
    match out {
        Components::Complex(samples) => {
            let pairs = numbers.as_chunks::<2>().0.iter();
            samples.extend(pairs.map(|[re, im]| Complex32::new(number(*re), number(*im))));
        }
        Components::Real(samples) => samples.extend(numbers.iter().map(|bytes| number(*bytes))),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "rounding is intended; an overflow becomes infinite and is refused"
)]
fn narrow(bytes: [u8; 8]) -> f32 {
    f64::from_le_bytes(bytes) as f32
}

/// A 32-bit integer over its full scale, rounded to single precision.
fn integer(value: i32) -> f32 {
    value as f32 / 2_147_483_648.0
}
