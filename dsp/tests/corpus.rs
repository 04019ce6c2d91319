//! Runs the fuzz targets on the corpus that fuzzing has collected.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::path::Path;

#[test]
fn no_input_of_the_corpus_breaks_a_promise() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    for (name, target) in targets::ALL {
        let folder = corpus.join(name);
        let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        let mut inputs: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        inputs.sort();
        assert!(inputs.len() >= 5, "{} has hardly any input", folder.display());
        for input in inputs {
            println!("{}", input.display());
            target(&std::fs::read(&input).expect("readable"));
        }
    }
    let folders = std::fs::read_dir(&corpus).expect("the corpus").flatten().count();
    assert_eq!(folders, targets::ALL.len(), "a folder of the corpus has no target");
}
