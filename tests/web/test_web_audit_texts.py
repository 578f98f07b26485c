"""The audit log on a Korean page: each action and each kind of detail is Korean; what is not known stays."""

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from glasshouse.store.database import open_store
from glasshouse.store.people import add_user, change_user
from glasshouse.store.records import AuditEntry, Role
from glasshouse.web.app import create_app
from glasshouse.web.framework.language import texts
from glasshouse.web.people.audit_texts import audit_line, done_words

ACTIONS = sorted(set(re.findall(r'Act\("([a-z-]+)"', Path(__file__).with_name("test_web_audit.py").read_text())))
KO, EN = texts("ko").gettext, texts("en").gettext


@pytest.mark.parametrize("action", [*ACTIONS, "upload", "upload-delete", "choices", "network-unshare"])
def test_each_action_has_words(action: str) -> None:
    assert not re.search("[A-Za-z]", done_words(KO, action))
    assert done_words(EN, action) != action


def test_an_action_of_a_later_version_stays_as_it_is() -> None:
    assert done_words(KO, "model-teleport") == "model-teleport"


@pytest.mark.parametrize(
    ("action", "detail", "korean"),
    [
        ("user-create", "mina (member)", "mina (구성원)"),
        ("user-change", "mina: password reset, role admin, disabled", "mina: 비밀번호 재설정; 역할: 관리자; 사용 중지"),
        ("model-change", "First: name was 'Old'; shared was False", "First: 이전 이름: 'Old'; 이전 공유: 아니요"),
        ("network-change", "Mine: other layers; group_name was ''", "Mine: 층 변경; 이전 그룹: ''"),
        ("sign-out-everywhere", "3 browsers", "브라우저 3개"),
        ("job-move", "to the end", "맨 뒤로"),
        ("job-move", "before 7", "앞으로 옮긴 기준 작업: 7"),
        ("choices", '{"trainings":2,"answers":1}', "동시에 할 학습: 2, 동시에 할 평가와 분류: 1"),
        ("choices", "no JSON", "no JSON"),
        ("dataset-create", "My: pictures", "My: pictures"),
        ("model-change", "Odd: nothing known", "Odd: nothing known"),
    ],
)
def test_details_are_korean(action: str, detail: str, korean: str) -> None:
    line = audit_line(KO, AuditEntry("1", 0.0, "mina", action, "", detail))
    assert (line.detail, line.typed) == (korean, False)
    typed = audit_line(KO, AuditEntry("1", 0.0, "-", action, "", f"{detail} by the command line"))
    assert (typed.detail, typed.typed) == (korean, True)


def test_the_page_shows_what_the_store_wrote_in_korean(tmp_path: Path) -> None:
    store = open_store(tmp_path / "home")
    admin = add_user(store, "mina", "long enough words", Role.ADMIN)
    add_user(store, "juno", "long enough words", Role.VIEWER, by=admin)
    change_user(store, "juno", role=Role.MEMBER, disabled=True, password="other long words", by=admin)
    with TestClient(create_app(store), base_url="http://localhost", cookies={"language": "ko"}) as client:
        assert client.post("/sign-in", data={"name": "mina", "password": "long enough words"}).status_code == 200
        text = client.get("/audit").text.split("<tbody>")[1].split("</tbody>")[0]
    store.close()
    assert "계정 수정" in text and "juno: 비밀번호 재설정; 역할: 구성원; 사용 중지" in text and "(열람자)" in text
    shown = re.sub(r"\d{8}-\d{6}-[0-9a-f]{8}", "", re.sub(r"<[^>]*>", " ", text))
    assert set(re.findall("[A-Za-z]+", shown)) <= {"mina", "juno", "testclient"}
