from collections.abc import Callable
from typing import Any, Self

class Module:
    training: bool
    dump_patches: Any
    call_super_init: Any
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...
    __call__: Callable[..., Any]
    forward: Any
    parameters: Any
    named_parameters: Any
    buffers: Any
    named_buffers: Any
    modules: Any
    named_modules: Any
    children: Any
    named_children: Any
    get_submodule: Any
    set_submodule: Any
    get_parameter: Any
    get_buffer: Any
    get_extra_state: Any
    set_extra_state: Any
    register_buffer: Any
    register_parameter: Any
    register_module: Any
    add_module: Any
    register_forward_hook: Any
    register_forward_pre_hook: Any
    register_backward_hook: Any
    register_full_backward_hook: Any
    register_full_backward_pre_hook: Any
    register_state_dict_pre_hook: Any
    register_state_dict_post_hook: Any
    register_load_state_dict_pre_hook: Any
    register_load_state_dict_post_hook: Any
    state_dict: Any
    load_state_dict: Any
    zero_grad: Any
    share_memory: Any
    extra_repr: Any
    compile: Any
    apply: Any
    _apply: Any
    _modules: Any
    _parameters: Any
    _buffers: Any
    _get_name: Any
    _version: Any
    _load_from_state_dict: Any
    _save_to_state_dict: Any
    _forward_hooks: Any
    _call_impl: Any
    def train(self, mode: bool = ...) -> Self: ...
    def eval(self) -> Self: ...
    def requires_grad_(self, requires_grad: bool = ...) -> Self: ...
    def to(self, *args: Any, **kwargs: Any) -> Self: ...
    def to_empty(self, *args: Any, **kwargs: Any) -> Self: ...
    def cuda(self, device: Any = ...) -> Self: ...
    def cpu(self) -> Self: ...
    def xpu(self, device: Any = ...) -> Self: ...
    def ipu(self, device: Any = ...) -> Self: ...
    def type(self, dst_type: Any) -> Self: ...
    def float(self) -> Self: ...
    def double(self) -> Self: ...
    def half(self) -> Self: ...
    def bfloat16(self) -> Self: ...

def __getattr__(name: str) -> Any: ...
