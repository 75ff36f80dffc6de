"""Planned change-outs through HTTP: billing proposes, the supervisor approves, everybody sees how far it is."""

from curbstop.commands import change_out_projects
from tests.api.office import Client, Office
from tests.town import Town


def act(client: Client, project: str, word: str, version: int, **body: str) -> dict[str, object]:
    answer = client.send("POST", f"/change-out-projects/{project}/{word}", json=body or None, version=version)
    found: dict[str, object] = answer.json
    return found


def test_a_project_is_proposed_approved_and_followed(office: Office, town: Town) -> None:
    town.place()
    town.place()
    bill, sue = office.as_("bill"), office.as_("sue")
    made = bill.post("/change-out-projects", {"name": "North side", "sizes": ["5/8"]})
    assert (made.status_code, made.json["state"], made.json["places"]) == (201, "proposed", 2)
    project = made.json["id"]
    assert bill.post("/change-out-projects", {"name": "North side", "sizes": ["5/8"]}).json["code"] == "conflict"
    assert act(bill, project, "approve", 1)["code"] == "forbidden"
    assert act(sue, project, "approve", 1)["state"] == "open"
    assert act(sue, project, "approve", 2)["code"] == "impossible_transition"
    with town.work() as work:
        assert change_out_projects.go_on(work) == 2
    shown = office.as_("dana").get(f"/change-out-projects/{project}").json
    assert (shown["done"], shown["left"], shown["blocked"], shown["approved_by_name"]) == (0, 2, 0, "Sue")
    layer = office.as_("gus").get(f"/change-out-projects/{project}/layer")
    assert layer.mimetype == "application/geo+json"
    assert [feature["properties"]["progress"] for feature in layer.json["features"]] == ["left", "left"]
    assert "Pat" not in layer.text
    assert "Main St" not in layer.text
    assert act(bill, project, "pause", 2, reason="No meters")["reason"] == "No meters"
    assert act(bill, project, "resume", 3)["state"] == "open"
    assert act(sue, project, "close", 4, reason="Next year")["state"] == "closed"
    assert [item["name"] for item in bill.get("/change-out-projects?state=closed").json["items"]] == ["North side"]
