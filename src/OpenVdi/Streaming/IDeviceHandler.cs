using OpenVdi.Client;

namespace OpenVdi.Streaming;

/// <summary>What a backup program does with each command of a device.</summary>
public interface IDeviceHandler
{
    /// <summary>Carries out one command. Called on the device's own thread, one command at a time, in order (Q1).</summary>
    /// <param name="command">The command. Its buffer is the shared memory itself: a Write's data to store, a Read's room to
    /// fill. Valid until the answer is given, not a moment longer (B31).</param>
    /// <param name="cancellationToken">Cancelled when the run is, or the session is disposed.</param>
    /// <returns>The answer. A task that is done already costs nothing; for one that is not, the device's thread waits.</returns>
    /// <remarks>VDC_Flush may be answered with success only when everything written before is durable (K11); VDC_Complete
    /// likewise (K24). What the handler does not know it answers with <see cref="DeviceAnswer.NotSupported"/>. An exception
    /// ends the run: the command, and all that follow, are answered with a failing code.</remarks>
    ValueTask<DeviceAnswer> HandleAsync(ClientCommand command, CancellationToken cancellationToken);
}
