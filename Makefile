# `make` alone prints what can be made. A Debian machine with Go, make and git needs no other command: `run` and `test`
# install the browser and the fonts themselves.

.DEFAULT_GOAL := help
.PHONY: help setup drivers build run test lint vuln generate fuzz image clean

# A recipe is one script, and its first failing command ends it.
.ONESHELL:
.SHELLFLAGS := -euc

# What the agent looks for, in the order of `browsers` in agent.yaml: the first found is good enough for us.
BROWSERS := /usr/lib/chromium/chromium-headless-shell chromium-headless-shell chrome-headless-shell headless_shell \
	headless-shell chromium chromium-browser google-chrome google-chrome-stable chrome /opt/google/chrome/chrome
# Latin, symbols and emoji: what the demo's pages and the tests' pages show. The image has more.
FONTS := fonts-liberation fonts-dejavu-core fonts-noto-color-emoji

# Linters by exact version, fetched and built by Go itself; nothing is installed.
GOLANGCI_LINT := go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
GOVULNCHECK := go run golang.org/x/vuln/cmd/govulncheck@v1.9.0

TESTFLAGS ?=
FUZZTIME ?= 30s
DOCKER ?= docker
IMAGE ?= trackwalker
VERSION = $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)

help: ## Print this
	@echo "Usage: make TARGET"
	echo
	sed -nE 's/^([a-z]+):[^#]*## (.*)/  \1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

setup: ## Install the browser and fonts that playing and testing need (Debian); does nothing when they are there
	@browser=; packages=
	for name in $(BROWSERS); do
		if command -v $$name >/dev/null; then browser=$$name; break; fi
	done
	# Without dpkg there is no telling which fonts are there: whoever has a browser has some.
	if command -v dpkg-query >/dev/null; then
		for name in $(FONTS); do
			dpkg-query -W -f='$${db:Status-Status}\n' $$name 2>/dev/null | grep -qx installed || packages="$$packages $$name"
		done
	fi
	if [ -n "$$browser" ] && [ -z "$$packages" ]; then exit 0; fi
	if ! command -v apt-get >/dev/null; then
		echo "setup: no browser was found, and this is no Debian system, so none can be installed from here." >&2
		echo "       Install Chromium or Google Chrome by this system's own means, then try again." >&2
		exit 1
	fi
	$(UPDATE)
	# The shell does without the parts of Chromium that only a window needs; older releases do not have it.
	if [ -z "$$browser" ]; then
		if apt-cache show chromium-headless-shell >/dev/null 2>&1; then browser=chromium-headless-shell; else browser=chromium; fi
		packages="$$browser$$packages"
	fi
	$(INSTALL)

drivers: ## Install the WebDriver programs that the tests play in as well (Debian); does nothing when they are there
	@packages=
	command -v chromedriver >/dev/null || packages="$$packages chromium-driver"
	command -v WebKitWebDriver >/dev/null || packages="$$packages webkit2gtk-driver"
	command -v Xvfb >/dev/null || packages="$$packages xvfb"
	# Elsewhere the tests that need them say that they are skipped.
	if [ -z "$$packages" ] || ! command -v apt-get >/dev/null; then exit 0; fi
	$(UPDATE)
	$(INSTALL)

# Parts of recipes: the lists of packages brought up to date, and $$packages installed.
define UPDATE
sudo=
	if [ "$$(id -u)" != 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "setup: packages are missing, and without sudo only root can install them. As root: make $@" >&2
			exit 1
		fi
		sudo=sudo
	fi
	$$sudo apt-get update -qq
endef
define INSTALL
echo "setup: installing" $$packages
	$$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $$packages >/dev/null
endef

build: ## Build bin/trackwalker
	@CGO_ENABLED=0 go build -trimpath -ldflags "-X trackwalker/agent/cli.release=$(VERSION)" -o bin/trackwalker ./agent

# exec, so that Ctrl-C and a signal to make meet the agent itself; it then ends with status 0, and make says nothing.
run: setup build ## Serve the demo shop and play the example flows on it, until Ctrl-C
	@exec bin/trackwalker demo --play

# The tests drive real browsers, several to a package; more than two packages at a time only makes them wait for each other.
test: setup drivers ## Check formatting, vet, and run every test, with the race detector where there is a C compiler
	@unformatted=$$(gofmt -l .)
	if [ -n "$$unformatted" ]; then
		echo "Not formatted; \`gofmt -w\` these:" >&2
		echo "$$unformatted" >&2
		exit 1
	fi
	race=-race
	# A compiler without its headers is as good as none, and would break the build of the standard library too.
	if ! printf '#include <stdlib.h>\nint main(void) { return 0; }\n' | $$(go env CC) -x c -o /dev/null - 2>/dev/null; then
		echo "no C compiler: testing without the race detector"
		export CGO_ENABLED=0
		race=
	fi
	go vet ./...
	go test $$race -p 2 -timeout 15m $(TESTFLAGS) ./...

lint: ## Run golangci-lint, and look whether go.mod is tidy (builds the linter the first time: minutes)
	@$(GOLANGCI_LINT) run
	go mod tidy -diff

vuln: ## Look for known vulnerabilities in what the code calls (asks Go's vulnerability database)
	@$(GOVULNCHECK) ./...

generate: ## Make the generated files anew
	@go generate ./...

fuzz: ## Run every fuzz target for FUZZTIME (30s)
	@grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sort | while IFS=: read -r file found; do
		echo "== $${found#func } in $$(dirname $$file)"
		go test -run '^$$' -fuzz "^$${found#func }\$$" -fuzztime $(FUZZTIME) $$(dirname $$file)
	done

image: ## Build the container image IMAGE (trackwalker)
	@$(DOCKER) build --build-arg VERSION=$(VERSION) -t $(IMAGE) .

clean: ## Remove what was built; data/ and artifacts/ are yours and stay
	@rm -rf bin
