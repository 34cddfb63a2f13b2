"""A plain Python server, the rival of Scripts/server-load: FastAPI on uvicorn, ONNX Runtime behind it. It answers what
that script asks: steps of streams of one model, whose state it keeps between requests.

    python fastapi_server.py GRAPH PORT
"""

import sys

import numpy as np
import onnxruntime
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel

settings = onnxruntime.SessionOptions()
settings.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(sys.argv[1], settings, providers=["CPUExecutionProvider"])
x, h, c = session.get_inputs()
states = {}
app = FastAPI()


class Tensor(BaseModel):
    name: str
    shape: list[int]
    datatype: str
    data: list[float]


class Parameters(BaseModel):
    sequence_id: int | str
    sequence_start: bool = False
    sequence_end: bool = False


class Request(BaseModel):
    parameters: Parameters
    inputs: list[Tensor]


@app.get("/v2/health/ready")
async def ready():
    return {}


@app.post("/v2/models/lstm128/infer")
async def infer(request: Request):
    sequence = request.parameters.sequence_id
    if request.parameters.sequence_start:
        states[sequence] = [np.zeros([d or 1 for d in port.shape], np.float32) for port in (h, c)]
    if sequence not in states:
        raise HTTPException(409)
    tensor = request.inputs[0]
    value = np.array(tensor.data, np.float32).reshape(tensor.shape)
    old = states[sequence]
    output, *states[sequence] = session.run(None, {x.name: value, h.name: old[0], c.name: old[1]})
    if request.parameters.sequence_end:
        del states[sequence]
    return {
        "model_name": "lstm128",
        "outputs": [
            {"name": "output", "shape": output.shape, "datatype": "FP32", "data": output.ravel().tolist()}
        ],
    }


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[2]), log_level="warning")
