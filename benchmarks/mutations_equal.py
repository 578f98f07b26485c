"""Faults that change nothing anyone could see on a computer without a GPU, with the reason, by module and fault."""

__all__ = ["EQUAL"]

CHUNKS = "pieces of another size give the same bits, by design; only memory and speed differ"
STEP = 'step = CHUNK if pictures.device.type == "cpu" else max(len(pictures), 1)'
GPU = "only with a GPU"

EQUAL: dict[tuple[str, str], str] = {
    ("data/augment", f"1 -> 2 in: {STEP}"): CHUNKS,
    ("data/augment", f"pictures.device.type == \"cpu\" -> (pictures.device.type != 'cpu') in: {STEP}"): CHUNKS,
    ("data/augment", f"pictures.device.type == \"cpu\" -> (not (pictures.device.type == 'cpu')) in: {STEP}"): CHUNKS,
    (
        "data/batches",
        "return Batch(pictures, batch.labels.to(device, non_blocking=True), batch.samples) -> return None",
    ): GPU,
    ("data/groups", "parent[i] = parent[parent[i]] -> pass"): "shortens the way to the root; the root is the same",
    (
        "export/inference",
        "1 -> 2 in: task = max(1, (task or self.block) // self.block) * self.block",
    ): CHUNKS,
    (
        "export/inference",
        '224 -> 225 in: BLOCK_PIXELS = {"cpu": 2 * 224 * 224, "other": 64 * 224 * 224}',
    ): CHUNKS,
}
