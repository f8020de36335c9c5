# syntax=docker/dockerfile:1

FROM golang:1.26-bookworm AS build
WORKDIR /src
# The libraries first: their layer is made anew only when go.mod changes.
COPY go.mod go.sum ./
RUN go mod download
COPY agent agent
COPY reporters reporters
COPY scenarios scenarios
COPY screenshots screenshots
# What `trackwalker version` says; the repository itself is not here to ask.
ARG VERSION=unknown
# No C: SQLite is compiled to Go, and the program needs nothing of the system that it runs on.
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X trackwalker/agent/cli.release=$VERSION" -o /out/trackwalker ./agent


FROM debian:bookworm-slim
# The headless shell is Chromium without what only a window needs: less than half of the CPU time, a smaller image. Debian
# gives it security updates, so build the image anew to have them: `docker build --pull --no-cache`.
#
# Its package asks for tools of a desktop (x11-utils, xdg-utils), which it never calls and which bring 200 MB of OpenGL and
# a compiler for it. An empty package says that it provides them. Should Debian stop taking that for an answer, apt
# installs the real ones, and the image is only larger.
#
# Fonts: Latin, Greek and Cyrillic in the usual metrics (liberation), symbols, Arabic and Hebrew (dejavu), Chinese,
# Japanese and Korean (noto-cjk, the largest), emoji. Without a font, a screenshot shows boxes. Their list is made here
# (fc-cache), for a root file system that may be read-only; it holds only while the folders' times are what it says, and
# layers keep no fractions of a second.
#
# tini is process 1: it reaps the children that a killed browser leaves behind.
RUN mkdir -p /tmp/empty/DEBIAN \
    && printf '%s\n' 'Package: no-desktop' 'Version: 1' 'Architecture: all' 'Maintainer: nobody <nobody@localhost>' \
        'Provides: x11-utils, xdg-utils' 'Description: stands for the tools of a desktop, which is not here' \
        > /tmp/empty/DEBIAN/control \
    && dpkg-deb --build /tmp/empty /tmp/no-desktop.deb \
    && apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        /tmp/no-desktop.deb \
        ca-certificates \
        chromium-headless-shell \
        fontconfig \
        fonts-dejavu-core \
        fonts-liberation \
        fonts-noto-cjk \
        fonts-noto-color-emoji \
        tini \
        tzdata \
    && find /usr/share/fonts /usr/local/share/fonts -type d -exec touch -d 2020-01-01T00:00:00Z {} + \
    && fc-cache -f \
    && apt-get clean \
    && rm -rf /tmp/empty /tmp/no-desktop.deb /var/lib/apt/lists/* /var/log/apt /var/log/dpkg.log \
    # A number of its own, which is unlikely to be somebody on the host, and always the same, for the files in /data.
    && groupadd --gid 10001 trackwalker \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin trackwalker \
    && install -d -o trackwalker -g trackwalker -m 0750 /data \
    && install -d -m 0755 /scenarios /etc/trackwalker

COPY docker/agent.yaml /etc/trackwalker/agent.yaml
COPY LICENSE /usr/share/doc/trackwalker/LICENSE
COPY --from=build /out/trackwalker /usr/local/bin/trackwalker

ARG VERSION=unknown
LABEL org.opencontainers.image.title="Trackwalker" \
      org.opencontainers.image.description="Replays user flows, written in YAML, against web sites in real browsers, and tells people in Slack what broke" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION"

ENV LANG=C.UTF-8
# By number, so that an orchestrator can see that it is not root.
USER 10001:10001
# Here lies agent.yaml, which every command reads from its working directory: `docker exec … trackwalker doctor`.
WORKDIR /etc/trackwalker
# /scenarios: yours, read only. /data: the database, screenshots, browser profiles.
VOLUME ["/scenarios", "/data"]
EXPOSE 8080

# Asks the agent's own /healthz, at the address that agent.yaml gives. The browser's first start may take some seconds.
HEALTHCHECK --interval=30s --timeout=10s --start-period=30s --retries=3 \
    CMD ["trackwalker", "status", "--health", "--config", "/etc/trackwalker/agent.yaml"]

# -g: a signal reaches whatever the agent has started in its own group too.
ENTRYPOINT ["/usr/bin/tini", "-g", "--", "trackwalker"]
CMD ["serve", "--config", "/etc/trackwalker/agent.yaml"]
