# One image for every Python process: exporters, console, and the demo's gateway, providers, roll-up, traffic.
# The build stage installs from hashed locks and wheels only; the final stage holds neither pip's venv nor a compiler.
FROM python:3.11.16-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements/build.txt requirements/runtime.txt requirements/
RUN python -m venv /opt/build \
 && /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements/build.txt \
 && python -m venv --without-pip /opt/watchkeeper \
 && /opt/build/bin/pip --python /opt/watchkeeper/bin/python install --require-hashes --only-binary :all: -r requirements/runtime.txt
COPY . .
RUN /opt/build/bin/pip --python /opt/build/bin/python wheel --no-deps --no-build-isolation --wheel-dir /wheels . \
 && /opt/build/bin/pip --python /opt/watchkeeper/bin/python install --no-deps --no-index /wheels/*.whl

FROM python:3.11.16-slim-bookworm
LABEL org.opencontainers.image.title="watchkeeper" \
      org.opencontainers.image.description="Watchkeeper's exporters and console, and the demo system that they watch" \
      org.opencontainers.image.version="0.1.0"
RUN groupadd --gid 10001 watchkeeper \
 && useradd --uid 10001 --gid watchkeeper --no-create-home --home-dir /var/lib/watchkeeper --shell /usr/sbin/nologin watchkeeper \
 && install --directory --owner watchkeeper --group watchkeeper --mode 0750 /var/lib/watchkeeper
COPY --from=build /opt/watchkeeper /opt/watchkeeper
ENV PATH=/opt/watchkeeper/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
WORKDIR /var/lib/watchkeeper
USER 10001:10001
# Each service has its own check in docker-compose.yml: one image, many programs.
HEALTHCHECK NONE
CMD ["watchkeeper", "--help"]
