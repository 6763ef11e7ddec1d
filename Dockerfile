# clinsynth in a container, for CPUs or, with another base, for GPUs:
#
#   docker build --tag clinsynth .
#   docker build --tag clinsynth:cuda --build-arg BASE=nvidia/cuda:12.8.1-base-ubuntu24.04 .
#   docker run --rm --volume "$PWD:/work" --user "$(id -u):$(id -g)" clinsynth train dataset=sample_ner
#
# TORCH_INDEX is the address of an index with other builds of PyTorch, such as those for CPUs alone, which are smaller.
ARG BASE=debian:bookworm-slim
FROM ${BASE}

ARG EXTRAS=offline,slurm,hpo,onnx
ARG TORCH_INDEX=

SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

WORKDIR /src
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY conf conf
COPY src src
# The pip of Debian 12 cannot install a package that comes as source alone (seqeval).
RUN python3 -m venv /opt/clinsynth \
 && /opt/clinsynth/bin/pip install --no-cache-dir --upgrade pip \
 && /opt/clinsynth/bin/pip install --no-cache-dir --constraint constraints.txt \
    ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} ".[${EXTRAS}]" \
 && rm -rf /src/*

# Jobs write below the current folder, and libraries keep their caches in the home folder, whoever the user is.
RUN useradd --create-home --uid 10001 clinsynth \
 && chmod 1777 /home/clinsynth \
 && install --directory --mode 0777 --owner clinsynth /work
ENV PATH=/opt/clinsynth/bin:$PATH \
    HOME=/home/clinsynth \
    PYTHONUNBUFFERED=1 \
    MLFLOW_DISABLE_TELEMETRY=true \
    DO_NOT_TRACK=1
USER clinsynth
WORKDIR /work
ENTRYPOINT ["clinsynth"]
CMD ["--help"]
