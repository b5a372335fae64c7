# The static binary and nothing else:
#   docker build -t meshc .
#   docker run --rm -v "$PWD:/work:ro" meshc translate manifests --proxy reviews-v1
FROM rust:1.95-alpine AS build
RUN apk add --no-cache musl-dev
WORKDIR /meshc
COPY . .
RUN cargo build --release --locked --bin meshc

FROM scratch
COPY --from=build /meshc/target/release/meshc /meshc
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["/meshc"]
