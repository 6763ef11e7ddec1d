"""Embeddings in the plane."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 500
"""Half of what is usual: with some thousand texts the map does not change much after that, and it takes seconds."""

LEAST = 10
"""Texts from which neighbourhoods say something."""


def lay_out(vectors: NDArray[np.float32], *, perplexity: float, seed: int) -> NDArray[np.float32]:
    """Places [texts, 2] that keep neighbours together: t-SNE (van der Maaten and Hinton 2008).

    Perplexity is at most a third of the neighbours that there are. So few or so equal texts that they have no
    neighbourhoods are laid out by their principal components.
    """
    from sklearn.decomposition import PCA  # takes seconds
    from sklearn.manifold import TSNE

    if len(vectors) < LEAST or np.allclose(vectors, vectors[0]):
        parts = PCA(min(2, *vectors.shape)).fit_transform(vectors - vectors.mean(axis=0))
        return np.pad(parts, ((0, 0), (0, 2 - parts.shape[1]))).astype(np.float32)
    most = (len(vectors) - 1) / 3
    places: NDArray[np.float32] = TSNE(
        perplexity=min(perplexity, most), init="pca", learning_rate="auto", random_state=seed, max_iter=STEPS
    ).fit_transform(vectors)
    return places
