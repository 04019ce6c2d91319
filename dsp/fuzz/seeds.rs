//! Writes the first inputs for fuzzing: `cargo run --example seeds -- FOLDER`. All of them are
//! generated; none is from a recording.

#[path = "container_seeds.rs"]
mod container_seeds;

use std::path::Path;

use container_seeds::{compressed, portapack, sdriq, wave64};

fn main() -> std::io::Result<()> {
    let folder = std::env::args().nth(1).unwrap_or_else(|| "corpus".to_owned());
    for (target, inputs) in [
        ("raw", raw()),
        ("npy", npy()),
        ("wav", wav()),
        ("kiwi", kiwi()),
        ("wave64", wave64()),
        ("sdriq", sdriq()),
        ("compressed", compressed()),
        ("portapack", portapack()),
        ("sigmf", sigmf()),
        ("archive", archive()),
        ("names", names()),
        ("stream", stream()),
    ] {
        let folder = Path::new(&folder).join(target);
        std::fs::create_dir_all(&folder)?;
        for (at, input) in inputs.iter().enumerate() {
            std::fs::write(folder.join(format!("seed-{at:02}")), input)?;
        }
    }
    Ok(())
}

/// Samples as floats. In an integer format the same bytes are other numbers.
fn samples(count: u16) -> Vec<u8> {
    (0..2 * count)
        .flat_map(|at| (f32::from(at) * 0.7).sin().to_le_bytes())
        .collect()
}

fn raw() -> Vec<Vec<u8>> {
    let mut inputs: Vec<Vec<u8>> = (0..30)
        .map(|format| [&[format, 0, 0, 0, 99][..], &samples(450)].concat())
        .collect();
    // Two losses, a count and a duration.
    inputs.push(
        [
            &[0, 1, 2, 30, 9, 1, 60, 7, 2, 1, 0, 0, 4, 0, 0x40, 0, 0, 0, 50][..],
            &samples(600),
        ]
        .concat(),
    );
    for text in [
        &b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"[..],
        b"\x89HDF\r\n\x1a\n\0\0\0\0\0\0\0\0\0\0",
        b"{\"error\": \"no such station\"}",
    ] {
        inputs.push([&[0, 0, 0, 0, 3][..], text].concat());
    }
    inputs
}

fn npy() -> Vec<Vec<u8>> {
    let of = |text: &str, data: &[u8]| [&[40, 0][..], format!("{text:<117}\n").as_bytes(), data].concat();
    vec![
        of(
            "{'descr': '<c8', 'fortran_order': False, 'shape': (250,), }",
            &samples(250),
        ),
        of(
            "{'descr': '<c16', 'fortran_order': False, 'shape': (125,), }",
            &samples(250),
        ),
        of(
            "{'descr': '<c8', 'fortran_order': True, 'shape': (25, 10), }",
            &samples(250),
        ),
        of("{'descr': '>c8', 'fortran_order': False, 'shape': (), }", &[]),
        of(
            "{'descr': [('I', '<f4'), ('Q', '<f4')], 'fortran_order': False, 'shape': (2,), }",
            &[],
        ),
        of(
            "{'descr': [('re', '>i2'), ('im', '>i2')], 'fortran_order': True, 'shape': (500, 1), }",
            &samples(250),
        ),
        of(
            "{'descr': '<i2', 'fortran_order': False, 'shape': (500, 2), }",
            &samples(250),
        ),
        of(
            "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1000), }",
            &samples(250),
        ),
        of(
            "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 250), }",
            &samples(250),
        ),
        [&[5, 1, 2, 0, 20, 0, 0, 0][..], b"{'descr': '<c8'}    "].concat(),
        [&[5, 1, 3, 0, 255, 255, 255, 255][..], b"{}"].concat(),
    ]
}

fn chunk(id: &[u8; 4], length: usize, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    [&id[..], &length.to_le_bytes(), body].concat()
}

fn fmt(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
    let mut body = [tag.to_le_bytes(), channels.to_le_bytes()].concat();
    body.extend(1000_u32.to_le_bytes());
    body.extend([0; 4]);
    body.extend((channels * bits / 8).to_le_bytes());
    body.extend(bits.to_le_bytes());
    if tag == 0xFFFE {
        body.extend([
            22, 0, 16, 0, 3, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71,
        ]);
    }
    chunk(b"fmt ", body.len(), &body)
}

fn wav() -> Vec<Vec<u8>> {
    let data = samples(220);
    let file =
        |form: u8, length: u32, chunks: &[Vec<u8>]| [&[77, form][..], &length.to_le_bytes(), &chunks.concat()].concat();
    let data_chunk = || chunk(b"data", data.len(), &data);
    let mut inputs = Vec::new();
    for (tag, bits) in [(1, 8), (1, 16), (1, 24), (1, 32), (3, 32), (3, 64), (0xFFFE, 16)] {
        inputs.push(file(
            0,
            4000,
            &[fmt(tag, 2, bits), data_chunk(), chunk(b"LIST", 4, b"INFO")],
        ));
    }
    for (tag, channels) in [(1, 1), (2, 2), (6, 2), (7, 2), (0x11, 2)] {
        inputs.push(file(0, 4000, &[fmt(tag, channels, 8), data_chunk()]));
    }
    for length in [0, 400, 401, usize::MAX] {
        inputs.push(file(0, 36, &[fmt(1, 2, 16), chunk(b"data", length, &data)]));
    }
    let ds64 = [
        &5000_u64.to_le_bytes()[..],
        &(data.len() as u64).to_le_bytes(),
        &[0; 12],
    ]
    .concat();
    for form in [1, 2] {
        let data = chunk(b"data", usize::MAX, &data);
        inputs.push(file(form, u32::MAX, &[chunk(b"ds64", 28, &ds64), fmt(1, 2, 16), data]));
    }
    let mut auxi: Vec<u8> = [2017_u16, 11, 1, 27, 10, 41, 56, 7, 2017, 11, 1, 27, 10, 42, 26, 8]
        .iter()
        .flat_map(|field| field.to_le_bytes())
        .collect();
    auxi.extend(145_500_000_u32.to_le_bytes());
    auxi.resize(164, 0);
    inputs.push(file(
        0,
        4000,
        &[fmt(1, 2, 16), chunk(b"auxi", 164, &auxi), data_chunk()],
    ));
    inputs.push(file(
        0,
        4000,
        &[chunk(b"note", 3, b"odd\0"), fmt(1, 2, 16), data_chunk(), data_chunk()],
    ));
    inputs
}

fn kiwi() -> Vec<Vec<u8>> {
    let file = |late: &dyn Fn(u8) -> [u8; 5], blocks: u8| {
        let mut input = vec![200, 0, 0, 1, 0xE8, 6];
        for block in 0..blocks {
            input.extend(late(block));
            input.push(64);
        }
        input
    };
    vec![
        file(&|_| [0; 5], 20),
        file(&|block| if block == 0 { [2, 0, 9, 9, 0] } else { [0; 5] }, 20),
        file(&|block| if block == 12 { [1, 0, 0, 9, 0] } else { [0; 5] }, 20),
        file(&|block| if block == 12 { [3, 9, 9, 9, 0] } else { [0; 5] }, 20),
        file(&|block| [block % 8, 0, 0, 1, 0], 20),
        file(&|_| [2, 0, 0, 200, 0], 20),
        file(&|_| [4; 5], 20),
    ]
}

/// Metadata, padded to a multiple of eight bytes.
fn meta(global: &str, captures: &str) -> Vec<u8> {
    let text = format!(
        "{{\"global\":{{\"core:datatype\":\"ci16_le\",\"core:sample_rate\":1000,\"core:version\":\"1.2.0\"{global}}},\
         \"captures\":[{captures}],\"annotations\":[]}}"
    );
    let mut bytes = text.into_bytes();
    bytes.resize(bytes.len().next_multiple_of(8), b' ');
    bytes
}

fn metas() -> Vec<Vec<u8>> {
    vec![
        meta("", "{\"core:sample_start\":0}"),
        meta(
            "",
            "{\"core:sample_start\":0,\"core:global_index\":0},{\"core:sample_start\":300,\"core:global_index\":500}",
        ),
        meta(
            "",
            "{\"core:sample_start\":0,\"core:header_bytes\":16,\"core:frequency\":145e6}",
        ),
        meta(",\"core:dataset\":\"a.bin\",\"core:trailing_bytes\":8", ""),
        meta(
            ",\"core:num_channels\":2",
            "{\"core:sample_start\":0,\"core:datetime\":\"2017-11-27T10:41:56Z\"}",
        ),
        meta(",\"core:metadata_only\":true", ""),
    ]
}

fn eighths(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len() / 8).unwrap_or(u8::MAX)
}

fn sigmf() -> Vec<Vec<u8>> {
    let with_data = |meta: Vec<u8>| [&[60, eighths(&meta)][..], &meta, &samples(300)].concat();
    metas().into_iter().map(with_data).collect()
}

fn archive() -> Vec<Vec<u8>> {
    let entry = |kind: u8, content: &[u8], excess: u8| [&[kind, eighths(content), excess][..], content].concat();
    let data = samples(240);
    let mut inputs: Vec<Vec<u8>> = metas()
        .iter()
        .map(|meta| [&[90][..], &entry(0, meta, 0), &entry(1, &data, 0)].concat())
        .collect();
    let meta = &metas()[1];
    inputs.push([&[90][..], &entry(1, &data, 0), &entry(0, meta, 0)].concat());
    inputs.push([&[90][..], &entry(0, meta, 0), &entry(1, &data, 200)].concat());
    inputs.push(
        [
            &[90][..],
            &entry(13, &[], 0),
            &entry(3, b"read me!", 0),
            &entry(1, &data, 0),
        ]
        .concat(),
    );
    inputs.push(
        [
            &[90][..],
            &entry(16, b"19 path=a.sigmf-meta\n   ", 0),
            &entry(0, meta, 0),
            &entry(1, &data, 0),
        ]
        .concat(),
    );
    inputs
}

fn stream() -> Vec<Vec<u8>> {
    [
        [&[30, 0, 5, 29][..], &samples(250)].concat(),
        [&[1, 4, 5, 29][..], &samples(250)].concat(),
        [&[99, 0, 8, 29][..], &samples(250)].concat(),
        [&[3, 1, 0, 0, 0, 6, 0, 0, 0][..]].concat(),
        [&[7, 2, 0x41, 8, 0x6a, 0, 0, 0, 0, 0][..], &samples(250)].concat(),
        [&[7, 3, 9, 2, 0, 7][..], b"rx_rate\x04", &samples(250)].concat(),
    ]
    .to_vec()
}

fn names() -> Vec<Vec<u8>> {
    [
        "cf32_le",
        "ci16_le",
        "np.complex128",
        ">c8",
        "ru8_be",
        "gqrx_20210704_153000_145500000_1800000_fc.raw",
        "g001_433.92M_250k.cu8",
        "2017/11/27/a/77500/20171127T104156Z.bin",
        "x_2.4Msps.sigmf-data",
        "2026-11-27_12-00-00_2400000SPS_137500000Hz.cs16",
        "osmo-f1.626000e+09-s1.600000e+06-t20261127120000.cfile",
        "rtlsdr_868.950M_1M6_samples2.cu8",
        "cap-2400ksps.cs8",
        "x_fs=2.4MHz_14M2.C16",
        "x_samp_rate_2400000.complex16u",
        "two_48k_96k.sc16q11",
        "x_200k.cf32.gz",
        "BBD_0001.C16.zst",
    ]
    .map(|name| name.as_bytes().to_vec())
    .to_vec()
}
