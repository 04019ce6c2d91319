//! Time for one second of recording at 200 kHz: the whole extractor next to the transforms that it
//! needs at least, and each step alone, in one run. `cargo bench -p heimdall-dsp --features stages`

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use heimdall_dsp::stages::Stages;
use heimdall_dsp::{Hints, Recording, SampleFormat, Workspace};
use realfft::RealFftPlanner;
use rustfft::FftPlanner;
use rustfft::num_complex::Complex32;

/// Samples of one second at the usual rate, and of one chunk of it.
const SECOND: usize = 200_000;
const CHUNK: usize = 40_000;

/// Uniform numbers from -0.5 to 0.5, the same in every run.
fn random() -> impl FnMut() -> f32 {
    let mut state = 1_u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 16_777_216.0 - 0.5
    }
}

fn recording(tone: f32) -> Vec<u8> {
    let mut random = random();
    (0..SECOND)
        .flat_map(|i| {
            let (im, re) = (i as f32 * 0.4).sin_cos();
            [tone * re + 0.1 * random(), tone * im + 0.1 * random()]
        })
        .flat_map(f32::to_le_bytes)
        .collect()
}

fn one_second(c: &mut Criterion) {
    let mut group = c.benchmark_group("one second");
    group.throughput(Throughput::Elements(SECOND as u64));
    for (name, tone) in [("noise", 0.0), ("tone", 0.3)] {
        let bytes = recording(tone);
        let mut workspace = Workspace::new();
        group.bench_function(format!("extractor, {name}"), |b| {
            b.iter(|| {
                let mut recording = Recording::new(Hints::default());
                for piece in bytes.chunks(1 << 16) {
                    recording.push(black_box(piece), &mut workspace).expect("valid samples");
                }
                recording.finish(&mut workspace)
            });
        });
    }

    let doubles: Vec<u8> = recording(0.3)
        .as_chunks()
        .0
        .iter()
        .flat_map(|b| f64::from(f32::from_le_bytes(*b)).to_le_bytes())
        .collect();
    let mut workspace = Workspace::new();
    group.bench_function("extractor, tone, cf64_le", |b| {
        b.iter(|| {
            let mut recording = Recording::new(Hints::default().with_format(SampleFormat::Cf64Le, "argument"));
            recording
                .push(black_box(&doubles), &mut workspace)
                .expect("valid samples");
            recording.finish(&mut workspace)
        });
    });

    let transform = FftPlanner::<f32>::new().plan_fft_forward(CHUNK);
    let mut scratch = vec![Complex32::default(); transform.get_inplace_scratch_len()];
    let mut samples = vec![Complex32::new(0.1, 0.0); CHUNK];
    group.bench_function("ten complex transforms alone", |b| {
        b.iter(|| {
            for _ in 0..10 {
                transform.process_with_scratch(black_box(&mut samples), &mut scratch);
                samples.fill(Complex32::new(0.1, 0.0));
            }
        });
    });

    let real = RealFftPlanner::<f32>::new().plan_fft_forward(CHUNK);
    let (mut input, mut output) = (real.make_input_vec(), real.make_output_vec());
    let mut real_scratch = real.make_scratch_vec();
    group.bench_function("five complex and five real transforms alone", |b| {
        b.iter(|| {
            for _ in 0..5 {
                transform.process_with_scratch(black_box(&mut samples), &mut scratch);
                samples.fill(Complex32::new(0.1, 0.0));
                real.process_with_scratch(black_box(&mut input), &mut output, &mut real_scratch)
                    .expect("the plan's own buffers");
                input.fill(0.1);
            }
        });
    });
    group.finish();
}

fn steps(c: &mut Criterion) {
    for (name, tone) in [("noise", 0.0), ("tone", 0.3)] {
        let mut group = c.benchmark_group(format!("steps of a chunk, {name}"));
        let mut bytes = recording(tone);
        bytes.truncate(8 * CHUNK);
        let mut stages = Stages::new(bytes, SECOND as f64);
        for (name, step) in Stages::STEPS {
            group.bench_function(name, |b| b.iter(|| step(&mut stages)));
        }
        group.finish();
    }
}

criterion_group!(benches, one_second, steps);
criterion_main!(benches);
