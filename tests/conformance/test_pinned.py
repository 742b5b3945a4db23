"""What trunkd must survive of an answer that is not what it should be."""
import json
import socket

import pytest

from worldlib import phone

A = phone(1)


def test_a_next_page_elsewhere_is_not_asked(world):
    with socket.socket() as elsewhere:
        elsewhere.bind(("127.0.0.1", 0))
        elsewhere.listen()
        elsewhere.settimeout(1)
        link = "http://127.0.0.1:%d/v1/Trunks?PageSize=1000&Page=1" % elsewhere.getsockname()[1]
        fault = world.sim.fault("status", method="GET", path="/v1/Trunks", count=0, status=200, content_type="application/json",
                                body=json.dumps({"trunks": [], "meta": {"key": "trunks", "next_page_url": link}}))
        world.own(A)
        world.number(A)
        world.daemon.start()
        world.sim.wait_fired(fault)
        with pytest.raises(TimeoutError):
            elsewhere.accept()
    world.sim.remove_fault(fault)
    world.wait_active(A)
