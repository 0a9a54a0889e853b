using OpenVdi.Transport;

namespace OpenVdi.Conformance.Channels;

/// <summary>Makes parties of sets and gives them up when the test ends.</summary>
public abstract class ChannelFixture(VdiTransport transport) : IDisposable
{
    /// <summary>The one limit of all waits.</summary>
    internal static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    private readonly Stack<IDisposable> _owned = new();

    private protected VdiTransport Transport => transport;

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_owned.TryPop(out IDisposable? owned))
        {
            owned.Dispose();
        }

        GC.SuppressFinalize(this);
    }

    private protected static SetConfiguration Wishes(uint deviceCount) => new() { DeviceCount = deviceCount };

    private protected static SetName NewName()
    {
        Assert.True(SetName.TryParse($"contract-{Guid.NewGuid():D}", out SetName name, out string? problem), problem);
        return name;
    }

    /// <summary>A command whose every field tells it from the next.</summary>
    private protected static DeviceCommand Command(uint tag) =>
        new(tag, (CommandCode)(1 + (tag % 19)), tag * 512, 0x1_0000_0001ul * tag, BufferHandle.None, tag % 5);

    /// <summary>The configuration that <see cref="Configure"/> publishes.</summary>
    private protected static SetConfiguration Final(IServerChannel server) => server.Wishes with
    {
        Features = server.Wishes.Features | VdFeatures.WriteMedia,
        AlignmentBytes = 512,
        BlockSizeBytes = 512,
        MaxIODepth = 4,
        MaxTransferSizeBytes = 65536,
        BufferAreaSizeBytes = 65536,
    };

    private protected static BufferArea[] Configure(
        IServerChannel server, long areaBytes = 65536, int queueCapacity = QueueLimits.MinCapacity)
    {
        Assert.Null(server.AddAreas([areaBytes], server.Wishes.PrefixZoneSizeBytes, out BufferArea[]? areas));
        server.PublishConfiguration(Final(server), queueCapacity);
        return areas!;
    }

    private protected static DeviceCommand Take(IClientDeviceChannel device)
    {
        while (true)
        {
            uint seen = device.Look();
            if (device.TryPeek(out DeviceCommand command))
            {
                device.Advance();
                return command;
            }

            Assert.Equal(WaitOutcome.Ready, device.Wait(Limit, seen));
        }
    }

    private protected static DeviceCompletion TakeCompletion(IServerChannel server, int device)
    {
        DeviceCompletion completion;
        while (!server.TryTakeCompletion(device, out completion))
        {
            Assert.Equal(WaitOutcome.Ready, server.WaitCompletions(Limit, out _));
        }

        return completion;
    }

    private protected static AbortNotice AwaitAbort(IServerChannel server)
    {
        while (server.WaitCompletions(Limit, out _) is var outcome && outcome != WaitOutcome.Aborted)
        {
            Assert.Equal(WaitOutcome.Ready, outcome);
        }

        Assert.True(server.IsAborted);
        return server.Abort!;
    }

    private protected static AbortNotice AwaitAbort(IClientChannel client)
    {
        // No set has so many names: only an abort ends this wait.
        Assert.Equal(WaitOutcome.Aborted, client.WaitNamed(client.DeviceCount));
        Assert.True(client.IsAborted);
        return client.Abort!;
    }

    /// <summary>Runs a wait on a thread of its own; a blocked thread of the pool would hold up the other tests.</summary>
    private protected static Task<T> Started<T>(Func<T> wait) => Task.Factory.StartNew(
        wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    private protected static async Task<T> Within<T>(Task<T> task, string what)
    {
        try
        {
            return await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"waited {Limit.TotalSeconds} s for {what}");
        }
    }

    private protected T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Push(owned);
        return owned;
    }

    private protected IClientChannel Create(SetName name, uint deviceCount = 1, uint prefixZoneSizeBytes = 0)
    {
        SetConfiguration wishes = Wishes(deviceCount) with { PrefixZoneSizeBytes = prefixZoneSizeBytes };
        VdFailure? failure = Transport.Create("", name, wishes, out IClientChannel? channel);
        Assert.Null(failure);
        return Own(channel!);
    }

    private protected IClientChannel Join(SetName name)
    {
        VdFailure? failure = Transport.Join("", name, out IClientChannel? channel);
        Assert.Null(failure);
        return Own(channel!);
    }

    private protected IServerChannel Open(SetName name)
    {
        VdFailure? failure = Transport.Open("", name, out IServerChannel? channel);
        Assert.Null(failure);
        return Own(channel!);
    }

    /// <summary>A primary and a server, configured.</summary>
    private protected Parties NewParties(
        uint deviceCount, long areaBytes = 65536, uint prefixZoneSizeBytes = 0, int queueCapacity = QueueLimits.MinCapacity)
    {
        SetName name = NewName();
        IClientChannel primary = Create(name, deviceCount, prefixZoneSizeBytes);
        IServerChannel server = Open(name);
        BufferArea[] areas = Configure(server, areaBytes, queueCapacity);
        Assert.Equal(WaitOutcome.Ready, primary.WaitConfigured(Limit, out _));
        return new Parties(name, primary, server, areas[0]);
    }

    private protected sealed record Parties(SetName Name, IClientChannel Primary, IServerChannel Server, BufferArea Area);
}
