"""What one object says of another holds: labels, ports, names and keys."""

from backend.api.app import PICTURES
from tests.kubernetes.composing import Tree
from tests.kubernetes.objects import FOLDER, Objects, Pod
from training.learning.processes import FRESH_STORE

NEXT_UPSTREAM = "nginx.ingress.kubernetes.io/proxy-next-upstream"
SECRETS = FOLDER / "overlays" / "example" / "secrets.env.example"


def test_selectors_choose_pods(objects: Objects) -> None:
    for name, deployment in objects.of("Deployment").items():
        chosen = objects.chosen_by(deployment["spec"]["selector"]["matchLabels"])
        assert [pod.owner for pod in chosen] == [f"Deployment/{name}"]
    for service in objects.of("Service").values():
        assert objects.chosen_by(service["spec"]["selector"]), service
    for kind in ("PodDisruptionBudget", "NetworkPolicy"):
        for one in objects.of(kind).values():
            (selector,) = [one["spec"][name] for name in ("selector", "podSelector") if name in one["spec"]]
            assert objects.chosen_by(selector["matchLabels"]), one
    for pod in objects.pods:
        for constraint in pod.spec.get("topologySpreadConstraints", []):
            assert pod.is_chosen_by(constraint["labelSelector"]["matchLabels"])


def test_every_port_is_one_of_the_pods_that_are_meant(objects: Objects) -> None:
    for service in objects.of("Service").values():
        for pod in objects.chosen_by(service["spec"]["selector"]):
            assert {port["targetPort"] for port in service["spec"]["ports"]} <= pod.ports.keys()
    for pod in objects.pods:
        probes = [value for name, value in pod.container.items() if name.endswith("Probe")]
        assert {probe["httpGet"]["port"] for probe in probes} <= pod.ports.keys()
    for ingress in objects.of("Ingress").values():
        for name, port in backends(ingress):
            assert port in {one["name"] for one in objects.of("Service")[name]["spec"]["ports"]}


def backends(ingress: Tree) -> list[tuple[str, str]]:
    services = [
        path["backend"]["service"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]
    ]
    return [(service["name"], service["port"]["name"]) for service in services]


def test_who_may_reach_whom_names_pods_and_ports_that_there_are(objects: Objects) -> None:
    for policy in objects.of("NetworkPolicy").values():
        targets = objects.chosen_by(policy["spec"]["podSelector"]["matchLabels"])
        for rule in policy["spec"].get("ingress", []):
            assert named_ports(rule) <= {name for pod in targets for name in pod.ports}
            assert all(objects.chosen_by(peer) for peer in peers(rule, "from"))
        for rule in policy["spec"].get("egress", []):
            reached = [pod for peer in peers(rule, "to") for pod in objects.chosen_by(peer)]
            assert named_ports(rule) <= {name for pod in reached for name in pod.ports}


def named_ports(rule: Tree) -> set[str]:
    return {port["port"] for port in rule.get("ports", []) if isinstance(port["port"], str)}


def peers(rule: Tree, direction: str) -> list[Tree]:
    return [peer["podSelector"]["matchLabels"] for peer in rule[direction] if "podSelector" in peer]


def test_only_what_nothing_is_changed_by_is_asked_of_a_second_replica(objects: Objects) -> None:
    again = {
        path["path"]
        for ingress in objects.of("Ingress").values()
        if "non_idempotent" in ingress["metadata"]["annotations"].get(NEXT_UPSTREAM, "")
        for rule in ingress["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert again == {path.removesuffix("/batch") for path in PICTURES}


def test_every_address_that_is_published_ends_tls(objects: Objects) -> None:
    for ingress in objects.of("Ingress").values():
        covered = {host for one in ingress["spec"]["tls"] for host in one["hosts"]}
        assert {rule["host"] for rule in ingress["spec"]["rules"]} == covered


def test_every_secret_that_is_wanted_is_in_the_example_or_may_be_missing(objects: Objects) -> None:
    lines = [line for line in SECRETS.read_text("utf-8").splitlines() if not line.startswith("#")]
    made = {("menagerie", line.partition("=")[0]) for line in lines}
    wanted = [secret for pod in objects.pods for secret in secrets(pod)]
    assert {(one["name"], one["key"]) for one in wanted if not one.get("optional")} == made
    assert {one["name"] for one in wanted if one.get("optional")} == {"menagerie-page"}
    assert not objects.of("Secret")


def secrets(pod: Pod) -> list[Tree]:
    sources = [one.get("valueFrom", {}) for one in pod.container["env"]]
    return [source["secretKeyRef"] for source in sources if "secretKeyRef" in source]


def test_whatever_else_a_pod_names_is_there(objects: Objects) -> None:
    for pod in objects.pods:
        assert pod.spec["serviceAccountName"] in objects.of("ServiceAccount")
        mounted = {mount["name"] for mount in pod.container["volumeMounts"]}
        assert mounted == {volume["name"] for volume in pod.spec["volumes"]}
        for source in pod.container.get("envFrom", []):
            assert source["configMapRef"]["name"] in objects.of("ConfigMap")
    for scaler in objects.of("HorizontalPodAutoscaler").values():
        target = scaler["spec"]["scaleTargetRef"]
        assert target["name"] in objects.of(target["kind"])


def test_a_node_can_be_emptied_when_there_are_fewest_replicas(objects: Objects) -> None:
    scaler = objects.of("HorizontalPodAutoscaler")["menagerie-api"]["spec"]
    budget = objects.of("PodDisruptionBudget")["menagerie-api"]["spec"]
    assert budget["maxUnavailable"] == 1 < scaler["minReplicas"]
    assert objects.of("Deployment")["menagerie-api"]["spec"]["replicas"] == scaler["minReplicas"]


def test_the_pods_of_a_training_find_the_first_of_them(objects: Objects) -> None:
    pod = objects.pod("CronJob/menagerie-train")
    service = objects.of("Service")[pod.spec["subdomain"]]["spec"]
    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)
    (port,) = [port["port"] for port in service["ports"]]
    assert objects.environment(pod)[FRESH_STORE] == "1"
    assert f'--rdzv-endpoint="$JOB_NAME-0.{pod.spec["subdomain"]}:{port}"' in pod.container["args"][0]


def test_an_installation_names_the_registry_of_every_image(installation: Objects) -> None:
    images = {pod.container["image"] for pod in installation.pods}
    names = ("api", "ui", "training")
    assert images == {f"registry.example/menagerie-{name}:0.1.0" for name in names}
