"""What a result is: dictionaries, NumPy, Arrow, pickles."""

import copy
import ctypes
import json
import pickle

import numpy as np
import pandas
import polars
import pyarrow
import pytest
from conftest import noise

from heimdall_features import COLUMNS, ROW_DTYPE, FeatureExtractionError, extract, extract_batch, features

RATE = 10_000


@pytest.fixture(scope="module")
def batch():
    tone = np.exp(2j * np.pi * 0.1 * np.arange(10_000)) + 0.01 * noise(10_000)
    return extract_batch([tone, noise(15_000), np.zeros(10_000)], RATE)


def test_a_segment_has_the_keys_of_a_row(fm):
    segment = extract(fm.samples, fm.rate).segments[0]
    assert list(segment)[:3] == ["segment_index", "segment_start_ms", "num_chunks"]
    reference = [entry.name for entry in features() if entry.set == "reference"]
    assert [name for name in segment if name in reference] == reference
    assert segment["signal_present"] is True
    assert set(segment["extended"]["power_dbfs"]) == {"mean", "std", "min", "max", "standard_error"}
    assert segment["quality"]["warnings"] == []


def test_a_number_that_is_not_known_is_none_with_a_reason(batch):
    extended = batch[1].segments[0]["extended"]
    assert extended["snr_unbiased_db"] is None
    assert extended["unknown"]["snr_unbiased_db"] == "no_signal"
    assert np.isnan(batch.to_numpy()["snr_unbiased_db_mean"][1])


def test_the_rest_of_an_extraction(fm):
    found = extract(fm.samples, fm.rate)
    assert found.interpretation == {
        "container": "array",
        "iq_format": "cf32_le",
        "iq_format_source": "argument",
        "iq_scale": found.interpretation["iq_scale"],
        "sample_rate_hz": fm.rate,
        "sample_rate_source": "argument",
    }
    assert found.samples_used + found.samples_left_over == len(fm.samples)
    assert found.samples_lost == 0
    assert found.duration_ms == len(fm.samples) * 1000 / fm.rate
    assert found.warnings == []
    assert found.info == {"num_gaps": 0}
    snr = [segment["snr_db"]["mean"] for segment in found.segments]
    assert found.mean_snr_db == pytest.approx(np.mean(snr))
    assert found.num_receivers_detected == 1
    assert 0.0 < found.overall_confidence <= 1.0
    assert json.loads(json.dumps(found.to_dict())) == found.to_dict()
    assert repr(found) == f"<Extraction: {len(found)} segments, array, cf32_le at 200000.0 Hz>"


def test_records_share_the_memory_of_the_matrix(batch):
    records = batch.to_numpy()
    assert records.dtype == ROW_DTYPE
    assert np.shares_memory(records, batch.values)
    pair = batch.matrix(["rssi_dbm_mean", "snr_db_std"])
    assert pair.shape == (4, 2)
    assert pair[0, 1] == records["snr_db_std"][0]
    with pytest.raises(KeyError, match="no column rssi"):
        batch.matrix(["rssi"])


def test_pyarrow_takes_the_table_with_types_and_units(batch):
    table = pyarrow.table(batch)
    table.validate(full=True)
    assert table.column_names == [
        "recording",
        *(column.name for column in COLUMNS),
        "warnings",
        "error_kind",
        "error_message",
    ]
    assert table["recording"].to_pylist() == [0, 1, 1, 2]
    assert table["signal_present"].to_pylist() == [True, False, False, None]
    assert table["segment_index"].to_pylist() == [0, 0, 1, None]
    assert table["error_kind"].to_pylist() == [None, None, None, "invalid_format"]
    assert table["warnings"][3].as_py() is None
    field = table.schema.field("occupied_bandwidth_99_hz_mean")
    assert field.metadata[b"unit"] == b"Hz"
    assert b"0.5 %" in field.metadata[b"definition"]
    for column in COLUMNS:
        if table[column.name].type == pyarrow.float64():
            known = table[column.name].to_numpy()
            np.testing.assert_array_equal(known, batch.to_numpy()[column.name])
            assert table[column.name].null_count == np.isnan(known).sum()


def test_pandas_and_polars_take_the_table(batch):
    frame = polars.DataFrame(batch)
    assert frame["rssi_dbm_mean"].to_list()[:3] == batch.values[:3, 4].tolist()
    assert frame["snr_unbiased_db_mean"].null_count() == 3
    data = pyarrow.table(batch).to_pandas()
    assert isinstance(data, pandas.DataFrame)
    assert data["rssi_dbm_mean"].tolist()[:3] == batch.values[:3, 4].tolist()


def test_a_table_is_taken_twice_and_outlives_its_source(fm):
    found = extract(fm.samples, fm.rate)
    first, second = pyarrow.record_batch(found), pyarrow.table(found)
    expected = found.to_numpy()["snr_db_mean"].copy()
    del found
    assert first["snr_db_mean"].to_pylist() == expected.tolist() == second["snr_db_mean"].to_pylist()


def test_a_capsule_that_nobody_takes_is_released(batch):
    name = ctypes.pythonapi.PyCapsule_GetName
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    for _ in range(100):
        schema, array = batch.__arrow_c_array__()
        assert [name(schema), name(array)] == [b"arrow_schema", b"arrow_array"]
        assert name(batch.__arrow_c_stream__()) == b"arrow_array_stream"
    assert name(batch.__arrow_c_schema__()) == b"arrow_schema"


def test_results_are_pickled_and_copied(batch):
    again = pickle.loads(pickle.dumps(batch))
    assert [type(result) for result in again.results] == [type(result) for result in batch.results]
    assert again[0] == batch[0]
    np.testing.assert_array_equal(again.values, batch.values)
    assert copy.deepcopy(batch[1]).segments == batch[1].segments
    error = pickle.loads(pickle.dumps(batch.errors[2]))
    assert isinstance(error, FeatureExtractionError)
    assert (str(error), error.error_kind) == (str(batch.errors[2]), "invalid_format")
