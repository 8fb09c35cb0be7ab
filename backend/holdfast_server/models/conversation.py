"""What a model is sent: the turn as chat-completions messages.

Must not know: how it is sent.
"""

from typing import Any

from holdfast_server.models.normalise import Call, Reply
from holdfast_server.models.port import Turn
from holdfast_server.models.tools import ToolFailed, read_arguments

Message = dict[str, Any]


def opening(turn: Turn) -> list[Message]:
    """Return the instructions and the messages of a turn."""
    messages: list[Message] = []
    if turn.instructions:
        messages.append({"role": "system", "content": turn.instructions})
    return messages + [{"role": one.role, "content": one.text} for one in turn.messages]


def said(reply: Reply, calls: list[Call]) -> Message:
    """Return what the model said, to be given back to it with the tools' results."""
    message: Message = {
        "role": "assistant",
        "content": reply.text or None,
        "tool_calls": [
            {
                "id": call.id or call.call,
                "type": "function",
                "function": {"name": call.name, "arguments": _sendable(call.arguments_text)},
            }
            for call in calls
        ],
    }
    if reply.reasoning_field:
        # Models that reason between tool calls want their reasoning back, where they put it.
        message[reply.reasoning_field] = reply.reasoning
    return message


def returned(call: Call, result: str) -> Message:
    """Return a tool's result, or why there is none."""
    return {"role": "tool", "tool_call_id": call.id or call.call, "content": result}


def _sendable(arguments: str) -> str:
    """Some servers refuse a history whose arguments are no object; the tool said so already."""
    try:
        read_arguments(arguments)
    except ToolFailed:
        return "{}"
    return arguments or "{}"
