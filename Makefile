# Each target is one plain command; .ci/run calls the same ones.
export GOTOOLCHAIN := go1.27.4

.PHONY: setup demo build build-hardware build-fips build-libfido2 plugins test lint bench interop keys-matrix story pages fuzz generate clean

setup: ## install (as root on Debian) or name what the targets need
	scripts/setup

demo: ## build, make a key, sign an SBOM, verify it with no network
	scripts/demo

build: ## bin/stella: static, reproducible
	scripts/build

build-hardware: ## bin/stella-hardware: cgo, with the tag that adds PKCS#11
	scripts/build hardware

build-libfido2: ## bin/stella-libfido2: cgo, FIDO2 tokens through libfido2 instead of pure Go
	scripts/build libfido2

build-fips: ## bin/stella-fips: static, with the validated Go Cryptographic Module
	scripts/build fips

plugins: ## bin/plugins/: programs for keys in cloud services, Vault and GOST
	scripts/build plugins

test: setup ## all Go tests, with the race detector and the drivers of both builds
	go vet ./...
	go vet -tags pkcs11 ./...
	go run ./internal/tools/testrun -suite unit -- -race -timeout 30m -tags pkcs11 ./...
	go run ./internal/tools/testrun -suite libfido2 -- -race -tags libfido2 ./pkg/keys/fido2/libfido2 ./internal/cli -run 'FIDO2|Suite|Backends|TouchIsAsked|PIN|Busy|TakenAway|NobodyGives|MemoryOfC'
	go run ./internal/tools/testrun -suite plugins -in internal/plugins -- ./...
	go test ./pkg/keys/pkcs11 ./internal/cli # once more as in the static build

lint: ## formatting, linters, known vulnerabilities, module hygiene, generated files
	scripts/lint

bench: build ## Go benchmarks, then CPU and memory of whole commands against their limits
	go test -run '^$$' -bench . -benchmem ./...
	go run ./internal/tools/figures

interop: build build-fips ## against stock cosign v2 and v3, OpenSSL and tuf-js; offline verbs under strace
	scripts/setup interop
	scripts/oracles
	scripts/tuf-js
	go run ./internal/tools/testrun -suite interop -- -tags interop -v -skip '^TestKeysMatrix$$' ./internal/interop

keys-matrix: build build-hardware plugins ## docs/keys.md: which programs verify what which keys sign
	scripts/setup interop
	scripts/oracles
	scripts/keys-matrix

story: ## trust and evidence carried between two machines without a network, and tampered with
	scripts/story

pages: ## HTML reports in headless Chromium: inert, accessible, printable; screenshots in .cache/pages
	scripts/setup pages
	scripts/axe
	go run ./internal/tools/testrun -suite pages -- -tags chromium -run '^TestInChromium' ./internal/report

fuzz: ## each fuzz target for FUZZTIME (default 20s)
	scripts/fuzz

generate: ## man pages, completions and every other generated file
	go generate ./...

clean: ## what was built; not the caches in .cache
	rm -rf bin dist
