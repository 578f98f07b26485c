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
    (
        "data/splitting/groups",
        "parent[i] = parent[parent[i]] -> pass",
    ): "shortens the way to the root; the root is the same",
    (
        "export/inference",
        "1 -> 2 in: task = max(1, (task or self.block) // self.block) * self.block",
    ): CHUNKS,
    (
        "export/blocks",
        '224 -> 225 in: BLOCK_PIXELS = {"cpu": 2 * 224 * 224, "other": 64 * 224 * 224}',
    ): CHUNKS,
    ("recipe/checking", "20 -> 21 in: for _ in range(20):"): "a bound on rounds; each round takes a field away",
    ("recipe/checking", "False -> True in: changed = False"): "every error names a field that can be taken away",
    ("networks/fitting", "break -> pass"): "saves the other ways, none of which can be better than all of it",
    (
        "networks/fitting",
        "1000 -> 1001 in: return timm_networks.make_timm(entry.twin, 1000, 3, None)",
    ): "of the twin only the names are used",
    ("data/splitting/twins", "0.25 -> 1.25 in: _LIKE = 0.25 # twins are more alike than this part of it (pixels)"): (
        "noticed by the test on Fashion-MNIST, which is marked real and not run here"
    ),
}
