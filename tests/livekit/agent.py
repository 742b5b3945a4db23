"""A worker of one agent name, run in the virtual environment of livekit-agents. It answers, is silent for some seconds, and goes.

    AGENT_NAME=support-agent AGENT_LOG=FILE LIVEKIT_URL=... LIVEKIT_API_KEY=... LIVEKIT_API_SECRET=... python agent.py start

Each call is a line of JSON in AGENT_LOG: what the agent was told, and who is in the room.
"""
import json
import os

from livekit import rtc
from livekit.agents import JobContext, JobExecutorType, WorkerOptions, cli

NAME = os.environ["AGENT_NAME"]
RATE, SAMPLES = 48000, 480


async def answer(ctx: JobContext):
    await ctx.connect()
    source = rtc.AudioSource(RATE, 1)
    track = rtc.LocalAudioTrack.create_audio_track("voice", source)
    await ctx.room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
    caller = await ctx.wait_for_participant()
    with open(os.environ["AGENT_LOG"], "a", encoding="utf-8") as log:
        log.write(json.dumps({"agent": NAME, "room": ctx.room.name, "metadata": ctx.job.metadata, "kind": int(caller.kind),
                              "attributes": dict(caller.attributes)}) + "\n")
    for _ in range(300):
        await source.capture_frame(rtc.AudioFrame.create(RATE, 1, SAMPLES))


if __name__ == "__main__":
    # A busy machine gets jobs too: the server gives none to a worker that says that its load is over 0.7. Nothing listens outside.
    cli.run_app(WorkerOptions(entrypoint_fnc=answer, agent_name=NAME, job_executor_type=JobExecutorType.THREAD, num_idle_processes=1,
                              host="127.0.0.1", port=0, load_fnc=lambda *_: 0.0, load_threshold=float("inf")))
