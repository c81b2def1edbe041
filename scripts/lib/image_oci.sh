# shellcheck shell=bash
# mkimage --type oci: an OCI image layout in a tar archive, as podman load and skopeo read it, FROM
# scratch: one layer. What asks it to stop sends TERM, on which init stops all in order.
# shellcheck disable=SC2154

# shellcheck disable=SC2034
tools=(gzip:gzip)

readonly media=application/vnd.oci.image

# json_list WORD…: the words as JSON strings; mkimage has refused control characters.
json_list() {
    local word between=
    for word in "$@"; do
        word=${word//\\/\\\\}
        printf '%s"%s"' "$between" "${word//\"/\\\"}"
        between=', '
    done
}

# add_blob FILE: into the layout under the name of its digest; prints what refers to it.
add_blob() {
    local digest
    digest=$(sha256sum <"$1" | cut -d' ' -f1)
    mv "$1" "$work/layout/blobs/sha256/$digest"
    printf '"digest": "sha256:%s", "size": %s' "$digest" "$(stat -c %s "$work/layout/blobs/sha256/$digest")"
}

# config LAYER_DIGEST
config() {
    local arguments=() created
    created=$(date -u -d "@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
    read -ra arguments <<<"$append"
    # Without a line of history for each layer podman builds no other image on this one.
    cat <<END
{
  "created": "$created",
  "architecture": "amd64",
  "os": "linux",
  "config": {
    "Env": ["PATH=/sbin:/usr/sbin:/bin:/usr/bin"],
    "Entrypoint": ["/sbin/init"],
    "Cmd": [$(json_list "${arguments[@]}")],
    "StopSignal": "SIGTERM"
  },
  "rootfs": {"type": "layers", "diff_ids": ["sha256:$1"]},
  "history": [{"created": "$created", "created_by": "scripts/mkimage"}]
}
END
}

# manifest CONFIG LAYER
manifest() {
    cat <<END
{
  "schemaVersion": 2,
  "mediaType": "$media.manifest.v1+json",
  "config": {"mediaType": "$media.config.v1+json", $1},
  "layers": [{"mediaType": "$media.layer.v1.tar+gzip", $2}]
}
END
}

# index MANIFEST
index() {
    cat <<END
{
  "schemaVersion": 2,
  "manifests": [{"mediaType": "$media.manifest.v1+json", $1,
    "annotations": {"org.opencontainers.image.ref.name": "mainstay"}}]
}
END
}

# pack TREE: in one order, with one time.
pack() {
    tar -C "$1" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --numeric-owner --format=gnu -cf - .
}

make_image() {
    local layout=$work/layout plain layer
    mkdir -p "$layout/blobs/sha256"
    take_rootfs
    pack "$work/root" >"$work/layer"
    plain=$(sha256sum <"$work/layer" | cut -d' ' -f1)
    gzip -n -6 "$work/layer"
    say "layer: $(size_of "$work/layer.gz")"
    layer=$(add_blob "$work/layer.gz")
    config "$plain" >"$work/config"
    manifest "$(add_blob "$work/config")" "$layer" >"$work/manifest"
    index "$(add_blob "$work/manifest")" >"$layout/index.json"
    echo '{"imageLayoutVersion": "1.0.0"}' >"$layout/oci-layout"
    tar -C "$layout" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner \
        --format=gnu -cf "$1" .
}
