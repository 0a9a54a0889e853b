using OpenVdi.Transport;

namespace OpenVdi.Server;

/// <content>What the buffer functions do, without the report of the call.</content>
public sealed partial class ServerVirtualDeviceSet
{
    private VdResult RequestBuffersCore(uint sizeBytes, uint alignmentBytes, uint count)
    {
        lock (_gate)
        {
            VdResult result = ServerSetMachine.Next(CurrentState(), ServerSetEvent.RequestBuffers).Status;
            if (result != VdResult.Ok)
            {
                return Misplaced("RequestBuffers", result);
            }

            if (sizeBytes == 0 || count == 0 || !ConfigurationRules.IsAlignment(alignmentBytes))
            {
                return Fail(new VdFailure(VdResult.Invalid, $"set '{_name}': RequestBuffers({sizeBytes}, {alignmentBytes}, {count}): "
                    + $"expected a size, a count, and as alignment 0 or a power of two up to {ConfigurationRules.MaxAlignmentBytes}"));
            }

            BufferRequirement requirement = new(sizeBytes, EffectiveAlignment(alignmentBytes), count);
            long buffers = count + _pool!.Declared.Sum(static declared => (long)declared.Count);
            if (buffers > QueueLimits.MaxBufferCount)
            {
                return Fail(new VdFailure(VdResult.OutOfMemory,
                    $"set '{_name}': {buffers} buffers requested, at most {QueueLimits.MaxBufferCount} are possible"));
            }

            if (_state == ServerSetState.Configurable)
            {
                _pool.Declare(requirement);
                return VdResult.Ok;
            }

            return Place([requirement]);
        }
    }

    private VdResult QueryAvailableBuffersCore(uint sizeBytes, uint alignmentBytes, out uint count)
    {
        count = 0;
        lock (_gate)
        {
            VdResult result = ServerSetMachine.Next(CurrentState(), ServerSetEvent.QueryAvailableBuffers).Status;
            if (result != VdResult.Ok)
            {
                return Misplaced("QueryAvailableBuffers", result);
            }

            if (sizeBytes == 0 || !ConfigurationRules.IsAlignment(alignmentBytes))
            {
                return Fail(new VdFailure(VdResult.Invalid, $"set '{_name}': QueryAvailableBuffers({sizeBytes}, {alignmentBytes})"));
            }

            count = _pool!.CountAvailable(sizeBytes, EffectiveAlignment(alignmentBytes));
            return VdResult.Ok;
        }
    }

    private VdResult EndConfigurationCore()
    {
        lock (_gate)
        {
            Step<ServerSetState> step = ServerSetMachine.Next(CurrentState(), ServerSetEvent.EndConfiguration);
            if (step.Status != VdResult.Ok)
            {
                return Misplaced("EndConfiguration", step.Status);
            }

            BufferRequirement[] declared = [.. _pool!.Declared];
            _pool.DiscardDeclared();
            VdResult result = Place(declared);
            if (result != VdResult.Ok)
            {
                return result;
            }

            _configuration = _configuration! with
            {
                BufferAreaSizeBytes = (uint)Math.Min(_pool.AreaBytes, uint.MaxValue),
            };
            _queueCapacity = QueueLimits.CapacityFor(declared.Sum(static requirement => (long)requirement.Count));
            _channel!.PublishConfiguration(_configuration, _queueCapacity);
            _state = step.Next;

            // The queues may have found no memory, or the client no reader for the word: then the set has ended over it.
            return CurrentState() == ServerSetState.Aborted ? Misplaced("EndConfiguration", VdResult.Aborted) : VdResult.Ok;
        }
    }

    private VdResult AllocateBufferCore(out DeviceBuffer buffer, uint sizeBytes, uint alignmentBytes)
    {
        buffer = default;
        lock (_gate)
        {
            VdResult result = ServerSetMachine.Next(CurrentState(), ServerSetEvent.AllocateBuffer).Status;
            if (result != VdResult.Ok)
            {
                return Misplaced("AllocateBuffer", result);
            }

            if (sizeBytes == 0 || !ConfigurationRules.IsAlignment(alignmentBytes))
            {
                return Fail(new VdFailure(VdResult.Invalid, $"set '{_name}': AllocateBuffer({sizeBytes}, {alignmentBytes}): expected a "
                    + $"size, and as alignment 0 or a power of two up to {ConfigurationRules.MaxAlignmentBytes}"));
            }

            return _pool!.TryAllocate(sizeBytes, EffectiveAlignment(alignmentBytes), out buffer)
                ? VdResult.Ok
                : Fail(new VdFailure(VdResult.OutOfMemory, $"set '{_name}': no free buffer of {sizeBytes} bytes",
                    "wait for a completion and use its buffer, or request more buffers."));
        }
    }

    private VdResult FreeBufferCore(nint address, uint sizeBytes)
    {
        lock (_gate)
        {
            VdResult result = ServerSetMachine.Next(CurrentState(), ServerSetEvent.FreeBuffer).Status;
            if (result != VdResult.Ok)
            {
                return Misplaced("FreeBuffer", result);
            }

            return _pool!.TryFree(address, sizeBytes)
                ? VdResult.Ok
                : Fail(new VdFailure(VdResult.Invalid,
                    $"set '{_name}': 0x{address:X} is no allocated buffer of {sizeBytes} bytes"));
        }
    }
}
