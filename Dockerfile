# Glasshouse as a container: docker build -t glasshouse .   With a GPU: docker build --build-arg CUDA=yes -t glasshouse:cuda .
# How to run it: compose.yaml, and docs/server.md.
ARG DEBIAN=bookworm-slim

FROM debian:${DEBIAN} AS build
# CUDA=yes: with CUDA's libraries, for NVIDIA GPUs. Otherwise torch's CPU build is taken if PIP_EXTRA_INDEX_URL names an
# index that has it: the usual one has none for Intel and AMD, and the image gets CUDA's libraries all the same.
ARG CUDA=no
ARG PIP_EXTRA_INDEX_URL=
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY pyproject.toml README.md LICENSE requirements.lock requirements-pip.lock requirements-cuda.lock requirements-dev.lock ./
COPY container/install.sh container/install.sh
COPY src src
RUN CUDA="${CUDA}" container/install.sh /opt/glasshouse

FROM debian:${DEBIAN}
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates python3 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/glasshouse --shell /usr/sbin/nologin glasshouse \
    && install -d -o glasshouse -g glasshouse -m 0750 /var/lib/glasshouse
COPY --from=build /opt/glasshouse /opt/glasshouse
ENV PATH=/opt/glasshouse/bin:/usr/bin:/bin \
    HOME=/var/lib/glasshouse \
    GLASSHOUSE_HOME=/var/lib/glasshouse \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 10001
WORKDIR /var/lib/glasshouse
VOLUME /var/lib/glasshouse
EXPOSE 8800
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s \
    CMD ["python3", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8800/sign-in', timeout=8)"]
ENTRYPOINT ["glasshouse"]
CMD ["studio", "--host", "0.0.0.0", "--no-browser"]
