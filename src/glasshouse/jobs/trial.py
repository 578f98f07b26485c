"""Try the GPU that CUDA_VISIBLE_DEVICES names: ``python -m glasshouse.jobs.trial`` exits with 0 if it computes."""

import sys

__all__ = ["main"]

SIDE = 256


def main() -> int:
    """Multiply two matrices of ones on the GPU; return 0 where every sum is right."""
    import torch

    try:
        ones = torch.ones(SIDE, SIDE, device="cuda")
        return 0 if bool(((ones @ ones) == SIDE).all()) else 1
    except (RuntimeError, AssertionError) as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
