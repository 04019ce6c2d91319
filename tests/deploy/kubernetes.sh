#!/usr/bin/env bash
# Checks the manifests of deploy/kubernetes: kustomize builds the base and the example, each object fits the schema of its
# kind in the oldest and the newest version of Kubernetes that the validator knows, and the objects of KEDA and of the
# Prometheus Operator fit the types of their definitions, unknown fields refused. Needs kubectl, Python and Node.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
# shellcheck source=deploy/needs.sh
source deploy/needs.sh

versions=(1.27 1.37)
validator=1.37.0
folder=$PWD/target/kubernetes
mkdir -p "$folder"

for tool in kubectl python3 npm; do
    command -v "$tool" >/dev/null || fail "no $tool, which checks the manifests"
done
if ! "$folder/venv/bin/kubernetes-validate" --version 2>/dev/null | grep -qF "$validator"; then
    python3 -m venv "$folder/venv"
    "$folder/venv/bin/pip" install --quiet "kubernetes-validate==$validator"
fi
if [ ! -x "$folder/node_modules/.bin/tsc" ]; then
    npm install --prefix "$folder" --silent --no-audit --no-fund @kubernetes-models/keda@2.0.0 \
        @kubernetes-models/prometheus-operator@6.0.0 js-yaml@4.1.0 typescript@5.9
fi

kubectl kustomize deploy/kubernetes/base >"$folder/base.yaml"
kubectl kustomize deploy/kubernetes/example >"$folder/example.yaml"
# The example has MinIO; the same with the component for AWS.
overlay=$(mktemp -d deploy/kubernetes/.aws.XXXXXX)
trap 'rm -rf "$overlay"' EXIT
printf '%s\n' 'resources: [../example]' 'components: [../aws]' >"$overlay/kustomization.yaml"
kubectl kustomize "$overlay" >"$folder/aws.yaml"
grep -q 'eks.amazonaws.com/role-arn' "$folder/aws.yaml"
grep -q 'HEIMDALL_HTTP_TOKEN_FILE' "$folder/example.yaml"
for version in "${versions[@]}"; do
    for file in base example aws; do
        # It warns about the kinds that Kubernetes itself does not have. They are checked below.
        "$folder/venv/bin/kubernetes-validate" --strict --quiet --no-warn -k "$version" "$folder/$file.yaml"
    done
done

# As literals, because the compiler refuses unknown fields in these alone.
cat >"$folder/literals.mjs" <<'JS'
import { readFileSync, writeFileSync } from "node:fs";
import { loadAll } from "js-yaml";
const packages = {
    "keda.sh/v1alpha1": "@kubernetes-models/keda/keda.sh/v1alpha1",
    "monitoring.coreos.com/v1": "@kubernetes-models/prometheus-operator/monitoring.coreos.com/v1",
};
const lines = [];
let number = 0;
for (const object of loadAll(readFileSync("example.yaml", "utf8"))) {
    const { apiVersion, kind, ...rest } = object;
    const from = packages[apiVersion];
    if (!from) continue;
    number += 1;
    lines.push(`import { ${kind} as Kind${number} } from "${from}";`);
    lines.push(`new Kind${number}(${JSON.stringify(rest)}).validate();`);
}
if (number < 3) throw new Error(`${number} objects of other definitions`);
lines.push(`console.log("${number} objects of KEDA and the Prometheus Operator fit");`);
writeFileSync("objects.mts", lines.join("\n") + "\n");
JS
(
    cd "$folder"
    node literals.mjs
    node_modules/.bin/tsc --strict --skipLibCheck --target es2022 --module nodenext objects.mts
    node objects.mjs
    sed 's/"maxReplicaCount"/"maxReplicas"/' objects.mts >wrong.mts
    if cmp -s objects.mts wrong.mts; then exit 1; fi
    if node_modules/.bin/tsc --strict --skipLibCheck --noEmit --target es2022 --module nodenext wrong.mts >/dev/null; then
        echo "an unknown field is not refused" >&2
        exit 1
    fi
)
grep -c '^kind:' "$folder/example.yaml" | sed 's/$/ objects in all fit Kubernetes '"${versions[*]}"'/'
