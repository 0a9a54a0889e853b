using OpenVdi.Client;
using OpenVdi.Streaming;

namespace OpenVdi.Tests.Streaming;

/// <summary>A handler that is a function.</summary>
internal sealed class FuncHandler(Func<ClientCommand, CancellationToken, ValueTask<DeviceAnswer>> handle) : IDeviceHandler
{
    public ValueTask<DeviceAnswer> HandleAsync(ClientCommand command, CancellationToken cancellationToken) =>
        handle(command, cancellationToken);
}
